package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	bucket    = "checkpoints"
	region    = "us-east-1"
	accessKey = "benchaccess"
	secretKey = "benchsecretsecret"
)

// versitygw is where e2e installs it.
const versitygw = "versitygw-v1.8.0"

// server is a versitygw on this machine.
type server struct {
	endpoint string
	cmd      *exec.Cmd
}

// startServer starts one on a folder, and makes the environment that of its
// users.
func startServer(ctx context.Context, dir string) (*server, error) {
	path, err := serverPath()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	s := &server{endpoint: "http://" + address, cmd: exec.Command(path, "--port", address, "--keep-alive", "--quiet", "posix", dir)}
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_REGION": region,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	if err := s.createBucket(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// serverPath finds the program where the tests keep it.
func serverPath() (string, error) {
	cache := os.Getenv("GODCP_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(user, "godcp")
	}
	path := filepath.Join(cache, "bin", versitygw)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w; go -C e2e test -run TestS3Probe . installs it", err)
	}
	return path, nil
}

func (s *server) client() *awss3.Client {
	return awss3.New(awss3.Options{
		Region: region, BaseEndpoint: &s.endpoint, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, nil
		}),
	})
}

// createBucket waits until the server answers.
func (s *server) createBucket(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		_, err := s.client().CreateBucket(ctx, &awss3.CreateBucketInput{Bucket: aws.String(bucket)})
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed
}
